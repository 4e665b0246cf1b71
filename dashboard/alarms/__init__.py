"""Alarms on the pages: cards, the marks on charts and rows, and the data behind them."""
