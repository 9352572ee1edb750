"""What each page shows, as values: catalog and archive in, a frozen value out. Templates make HTML of it, `.json` shows it bare."""
