"""Hand-written notebooks become clean ones for students, or an AuthoringError."""
