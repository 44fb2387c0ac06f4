"""What naptime is made of in Azure: Bicep, what is compiled from it, and what deploys it."""
