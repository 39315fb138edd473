"""SMS as they are kept: once per supplier message key, matched to a lease or unmatched."""
