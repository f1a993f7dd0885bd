"""`flask.sansio`: a package of base classes."""
