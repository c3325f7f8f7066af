"""What earlier runs measured: kept, compared with the last one, and drawn."""
