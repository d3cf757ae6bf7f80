"""Labels of reviewers: what is said about published episodes, never written into them."""
