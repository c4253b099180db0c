"""What the gateway stands: many who ask and look at the same time, and open event streams."""
