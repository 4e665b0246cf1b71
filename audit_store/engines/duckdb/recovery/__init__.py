"""What can be done for a store that is damaged or gone."""
