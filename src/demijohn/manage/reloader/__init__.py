"""Starting the program anew when its files change, without ever closing the port."""
