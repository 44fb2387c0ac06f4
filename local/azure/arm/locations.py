"""The locations that the simulated Azure names; clusters may be in any other one as well."""

LOCATIONS = (
    *("australiaeast", "brazilsouth", "canadacentral", "centralindia", "centralus", "eastus"),
    *("eastus2", "francecentral", "germanywestcentral", "italynorth", "japaneast", "koreacentral"),
    *("northeurope", "norwayeast", "polandcentral", "southcentralus", "southeastasia"),
    *("spaincentral", "swedencentral", "switzerlandnorth", "uaenorth", "uksouth", "westeurope"),
    *("westus", "westus2", "westus3"),
)
