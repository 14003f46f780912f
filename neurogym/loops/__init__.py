"""What a step of a closed task does: written once for one trial; run singly, by many, in a page."""
