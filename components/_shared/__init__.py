"""What several components share: the look of controls inside a shadow root."""
