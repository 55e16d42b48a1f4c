"""What a restoration writes and reports: photo, facts, comparison and page."""
