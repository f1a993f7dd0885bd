"""What every layer may use: clocks, sentinels, errors of no layer, importing by name. Imports the standard library only."""
