"""Brain volumetry by classical methods: atlas priors and a mixture model, no network."""
