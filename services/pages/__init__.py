"""PAGES: what every page of ours is made with: templates that escape, policies that name styles and scripts, the sign-in."""
