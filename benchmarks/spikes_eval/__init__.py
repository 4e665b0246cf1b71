"""How many attacks the detection of login spikes finds, and how many false alarms it gives, on generated worlds."""
