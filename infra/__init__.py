"""What naptime consists of in Azure: Bicep, what is compiled from it, and the program that deploys."""
