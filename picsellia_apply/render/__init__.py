"""Plans, results and diagnostics as text and as JSON. Knows no platform."""
