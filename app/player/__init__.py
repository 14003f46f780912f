"""The stage: a session of trials and the component that shows it."""
