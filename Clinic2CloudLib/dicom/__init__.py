"""Series and volumes, the confidentiality profile engine, and writing pixels back."""
