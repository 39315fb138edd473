"""Voice calls after they came in: recordings fetched, transcripts written, what customers ask about their calls."""
