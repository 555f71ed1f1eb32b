"""Object graphs: everything that a stage leaves behind, as bytes and back, and into objects that live."""
