"""What is sent: representations in the declared media types, samples, problems, and the headers around them."""
