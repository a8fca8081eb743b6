"""What is measured of translating, and of telling languages apart."""
