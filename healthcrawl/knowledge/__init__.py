"""What is known of sites, CMS families, furniture, spam and characters: data files, and the loader that checks them."""
