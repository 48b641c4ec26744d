"""What collectors read of clouds, into stores."""
