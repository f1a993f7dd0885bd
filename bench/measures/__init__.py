"""What `python -m bench` measures, and how: workloads, clients, the servers' processes, and the rounds."""
