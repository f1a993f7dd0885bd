"""The application that is measured, in one file for each framework: the same answers, to the byte."""
