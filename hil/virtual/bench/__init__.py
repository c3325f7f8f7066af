"""The virtual bench: boards, hubs, and an adapter for each protocol of a bench."""
