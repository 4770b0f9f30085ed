"""What several pages draw with: cards, maps, progress, words."""
