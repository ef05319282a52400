"""What the cloud runs on the images it was sent."""
