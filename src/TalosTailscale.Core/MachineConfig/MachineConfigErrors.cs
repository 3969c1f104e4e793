namespace TalosTailscale.Core.MachineConfig;

/// <summary>What can go wrong with a machine configuration or a patch.</summary>
public static class MachineConfigErrors
{
    /// <summary>A text is not YAML.</summary>
    public static readonly TsError YamlInvalid = new(
        "YamlInvalid",
        TsErrorCategory.ParserError,
        "A machine configuration or patch is not valid YAML.",
        "Correct the text at the line and column named; indentation by blanks, quotes closed, each key once."
    );

    /// <summary>A text is not UTF-8.</summary>
    public static readonly TsError ConfigNotUtf8 = new(
        "ConfigNotUtf8",
        TsErrorCategory.InvalidData,
        "A machine configuration or patch is not UTF-8 text.",
        "Save the file as UTF-8, with or without byte order mark."
    );

    /// <summary>Aliases that expand to more than any configuration holds.</summary>
    public static readonly TsError YamlAliasesTooMany = new(
        "YamlAliasesTooMany",
        TsErrorCategory.InvalidData,
        "The aliases of a YAML text expand to too many nodes.",
        "Write the values out, or use fewer aliases inside anchored values."
    );

    /// <summary>A patch holds nothing.</summary>
    public static readonly TsError PatchEmpty = new(
        "PatchEmpty",
        TsErrorCategory.InvalidArgument,
        "A patch holds no document: only blanks or comments.",
        "Check the path: the file is empty or every line is a comment."
    );

    /// <summary>A patch is neither a map nor a list of operations.</summary>
    public static readonly TsError PatchShapeInvalid = new(
        "PatchShapeInvalid",
        TsErrorCategory.InvalidData,
        "A patch is neither a machine configuration document nor a list of JSON patch operations.",
        "Give a YAML or JSON map with the keys of a configuration, or a JSON6902 list."
    );

    /// <summary>A patch has a key that Talos does not know.</summary>
    public static readonly TsError PatchUnknownKey = new(
        "PatchUnknownKey",
        TsErrorCategory.InvalidData,
        "A patch has a key that Talos does not know in that place.",
        "Correct the key. For a Talos newer than this module pass -AllowUnknownKey; the node checks it in any case."
    );

    /// <summary>A patch has a document of a kind that Talos does not know.</summary>
    public static readonly TsError PatchUnknownKind = new(
        "PatchUnknownKind",
        TsErrorCategory.InvalidData,
        "A patch has a document of a kind that Talos does not know.",
        "Correct apiVersion and kind; a patch of the main document has neither."
    );

    /// <summary>A value of a patch is of the wrong type.</summary>
    public static readonly TsError PatchWrongType = new(
        "PatchWrongType",
        TsErrorCategory.InvalidData,
        "A value of a patch is of another type than Talos expects there.",
        "Correct the value: numbers and booleans without quotes, lists as lists."
    );

    /// <summary>A patch and the configuration have different types in a free-form map.</summary>
    public static readonly TsError MergeTypeMismatch = new(
        "MergeTypeMismatch",
        TsErrorCategory.InvalidData,
        "A value of a free-form map cannot be replaced by one of another type.",
        "Delete the key first ($patch: delete on the map it is in), or give a value of the same type."
    );

    /// <summary>The same document twice.</summary>
    public static readonly TsError DocumentDuplicate = new(
        "DocumentDuplicate",
        TsErrorCategory.InvalidData,
        "A configuration or patch holds the same document twice.",
        "Keep one document of each apiVersion, kind and name."
    );

    /// <summary>Two documents that exclude each other.</summary>
    public static readonly TsError DocumentConflict = new(
        "DocumentConflict",
        TsErrorCategory.InvalidData,
        "Two documents of a configuration exclude each other.",
        "Remove one of the two, or give it another name."
    );

    /// <summary>What a delete names is not there.</summary>
    public static readonly TsError DeleteTargetMissing = new(
        "DeleteTargetMissing",
        TsErrorCategory.ObjectNotFound,
        "What '$patch: delete' names is not in the configuration.",
        "Remove the delete from the patch, or correct the key or name."
    );

    /// <summary>A delete that cannot be done.</summary>
    public static readonly TsError DeleteNotPossible = new(
        "DeleteNotPossible",
        TsErrorCategory.InvalidArgument,
        "'$patch: delete' stands where Talos does not allow it.",
        "Delete the whole list entry or the whole key instead, and add what should stay."
    );

    /// <summary>A JSON patch for a configuration of several documents.</summary>
    public static readonly TsError JsonPatchMultiDocument = new(
        "JsonPatchMultiDocument",
        TsErrorCategory.InvalidOperation,
        "A JSON6902 patch cannot be applied to a configuration of several documents.",
        "Write it as a strategic merge patch: the keys to change as they stand in the document."
    );

    /// <summary>A JSON patch that does not apply.</summary>
    public static readonly TsError JsonPatchFailed = new(
        "JsonPatchFailed",
        TsErrorCategory.InvalidData,
        "An operation of a JSON6902 patch cannot be applied.",
        "Correct the path or value of the operation named."
    );

    /// <summary>A configuration that Talos would refuse.</summary>
    public static readonly TsError ConfigInvalid = new(
        "MachineConfigInvalid",
        TsErrorCategory.InvalidData,
        "The patched configuration breaks a rule of Talos.",
        "Correct the patch in the place named."
    );

    /// <summary>Warnings under -Strict.</summary>
    public static readonly TsError ConfigWarningsRefused = new(
        "MachineConfigWarningsRefused",
        TsErrorCategory.InvalidData,
        "There are warnings, and -Strict was given.",
        "Follow the advice of each warning, or leave out -Strict."
    );

    /// <summary>Documents would disappear.</summary>
    public static readonly TsError DocumentsLost = new(
        "MachineConfigDocumentsLost",
        TsErrorCategory.SecurityError,
        "The configuration to send lacks documents that the node has.",
        "Add the documents, delete them on purpose with '$patch: delete', or pass -Force."
    );

    /// <summary>The node has a configuration in waiting.</summary>
    public static readonly TsError ConfigPending = new(
        "MachineConfigPending",
        TsErrorCategory.ResourceBusy,
        "The node's configuration on disk is not the active one: one is staged or being tried.",
        "Reboot the node to take the staged one, wait for the trial to end, or pass -Force to replace it."
    );

    /// <summary>Somebody else changed it.</summary>
    public static readonly TsError ConfigChangedMeanwhile = new(
        "MachineConfigChangedMeanwhile",
        TsErrorCategory.ResourceBusy,
        "Somebody else changed the node's configuration while this change was being prepared.",
        "Run the command again: it starts from what the node has now."
    );

    /// <summary>The node has something else than what was sent.</summary>
    public static readonly TsError ConfigNotApplied = new(
        "MachineConfigNotApplied",
        TsErrorCategory.InvalidOperation,
        "After the change the node does not have the configuration that was sent.",
        "Look at it with Get-TalosMachineConfig; the backup named in the message is what was there before."
    );

    /// <summary>A backup that is none.</summary>
    public static readonly TsError BackupInvalid = new(
        "MachineConfigBackupInvalid",
        TsErrorCategory.InvalidData,
        "A file to restore from holds no machine configuration.",
        "Give the file that BackupPath named; a patch has to go through Set-TalosMachinePatch."
    );

    /// <summary>A backup of one machine was to go onto another.</summary>
    public static readonly TsError BackupOfAnotherMachine = new(
        "BackupOfAnotherMachine",
        TsErrorCategory.SecurityError,
        "A backup is of another machine than the one to restore, or does not tell of which machine it is.",
        "Leave out -BackupPath for the node's own newest backup, or press Tab after it for all of them. -Force restores the file all the same."
    );

    /// <summary>There is no backup of the node.</summary>
    public static readonly TsError BackupNotFound = new(
        "MachineConfigBackupNotFound",
        TsErrorCategory.ObjectNotFound,
        "There is no backup of the node in the folder of the backups.",
        "Give the folder with -BackupFolder, or the file with -BackupPath."
    );

    /// <summary>Nothing to apply.</summary>
    public static readonly TsError PatchMissing = new(
        "PatchMissing",
        TsErrorCategory.InvalidArgument,
        "A node has none of the runbook's manifests, and no patch was given.",
        "Give -Patch, or render the manifests with New-TsExtensionServiceConfig."
    );

    /// <summary>An object that no patch can be made of.</summary>
    public static readonly TsError PatchObjectInvalid = new(
        "PatchObjectInvalid",
        TsErrorCategory.InvalidArgument,
        "An object given as a patch cannot be written as YAML.",
        "Give a path, YAML or JSON text, a hashtable or [pscustomobject] of texts, numbers, booleans, lists and maps."
    );
}
