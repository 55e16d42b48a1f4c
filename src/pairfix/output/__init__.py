"""What a restoration leaves behind: results, reports, comparisons and pages."""
