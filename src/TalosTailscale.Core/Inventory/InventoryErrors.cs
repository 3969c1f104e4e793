namespace TalosTailscale.Core.Inventory;

/// <summary>What can go wrong with the <c>devices/</c> folder and with small YAML files in general.</summary>
public static class InventoryErrors
{
    /// <summary>There is no devices folder.</summary>
    public static readonly TsError InventoryNotFound = new(
        "InventoryNotFound",
        TsErrorCategory.ObjectNotFound,
        "No devices folder was given or found.",
        "Give -Inventory, set TALOSTAILSCALE_DEVICES, or change to a folder at or below the one that holds devices/."
    );

    /// <summary>A name or address is not in the inventory.</summary>
    public static readonly TsError NodeNotFound = new(
        "NodeNotFound",
        TsErrorCategory.ObjectNotFound,
        "A node was named that is neither in the inventory nor an address.",
        "Use one of the names that Get-TsNode lists, or an IP address."
    );

    /// <summary>Two nodes claim the same address or Kubernetes name.</summary>
    public static readonly TsError NodeDuplicate = new(
        "NodeDuplicate",
        TsErrorCategory.InvalidData,
        "Two nodes of the inventory have the same address or Kubernetes name.",
        "Correct the node.yaml of one of them."
    );

    /// <summary>A node.yaml that says something it may not.</summary>
    public static readonly TsError NodeFileInvalid = new(
        "NodeFileInvalid",
        TsErrorCategory.InvalidData,
        "A node.yaml lacks a key, has an unknown one, or a value that is not acceptable.",
        "Correct the line that the message names; the keys are address, architecture, kubernetesName, activation and nodeId."
    );

    /// <summary>A text that is not YAML, or is YAML of a form that is not taken.</summary>
    public static readonly TsError YamlMalformed = new(
        "YamlMalformed",
        TsErrorCategory.ParserError,
        "A file is not YAML, repeats a key, nests too deeply, is too large, or uses anchors.",
        "Correct the file at the line and column that the message names."
    );

    /// <summary>A file could not be read.</summary>
    public static readonly TsError InventoryUnreadable = new(
        "InventoryUnreadable",
        TsErrorCategory.ReadError,
        "A file of the inventory exists but could not be read.",
        "Check the permissions of the file."
    );

    /// <summary>A file was changed while a change of it was prepared.</summary>
    public static readonly TsError FileChangedMeanwhile = new(
        "FileChangedMeanwhile",
        TsErrorCategory.ResourceBusy,
        "A file that was about to be replaced is no longer what it was when the change was worked out.",
        "Run the command again: it reads the file anew."
    );

    /// <summary>A file could not be replaced.</summary>
    public static readonly TsError FileNotReplaced = new(
        "FileNotReplaced",
        TsErrorCategory.WriteError,
        "A file could not be replaced by its new content.",
        "Check the permissions of the file and of its folder, and that the disk has space."
    );

    /// <summary>A proposed entry that would be written elsewhere.</summary>
    public static readonly TsError ProposalInvalid = new(
        "ProposalInvalid",
        TsErrorCategory.SecurityError,
        "A file of a proposed entry leads out of the devices folder.",
        "Write the entry by hand; a node's name may hold letters, digits and dashes."
    );
}
