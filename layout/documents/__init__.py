"""The JSON documents in a bucket: profiles.json, selected-profile.json and layout.json."""
