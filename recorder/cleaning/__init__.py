"""Taking the operator out of recorded pictures: masks, what they hid, and how sure we are."""
