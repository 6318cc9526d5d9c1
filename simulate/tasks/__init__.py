"""What a network is shown and what it should answer; one short file a task."""
