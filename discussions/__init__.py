"""What people say and make together: space, topic, post, reaction, read state; later poll, resource, idea, event."""
