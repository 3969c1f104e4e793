namespace TalosTailscale.Core.ImageFactory;

/// <summary>What can go wrong between a schematic and a verified image on disk.</summary>
public static class ImageFactoryErrors
{
    /// <summary>The schematic text is not a schematic.</summary>
    public static readonly TsError SchematicInvalid = new(
        "SchematicInvalid",
        TsErrorCategory.InvalidData,
        "A schematic has an unknown key, or a value of the wrong type or out of range.",
        "Correct the line that the message names; the fields are described at github.com/siderolabs/image-factory#schematics."
    );

    /// <summary>A schematic id has the wrong form.</summary>
    public static readonly TsError SchematicIdInvalid = new(
        "SchematicIdInvalid",
        TsErrorCategory.InvalidArgument,
        "A schematic id is not 64 lower case hexadecimal digits.",
        "Copy the id from New-TalosSchematic or from the URL of an image."
    );

    /// <summary>The name of an extension has the wrong form.</summary>
    public static readonly TsError ExtensionNameInvalid = new(
        "ExtensionNameInvalid",
        TsErrorCategory.InvalidArgument,
        "An extension name is not of the form owner/name.",
        "Give official names such as siderolabs/tailscale."
    );

    /// <summary>The factory answered another id than ours.</summary>
    public static readonly TsError SchematicIdMismatch = new(
        "SchematicIdMismatch",
        TsErrorCategory.SecurityError,
        "The Image Factory answered a POST of a schematic with another id than the one computed here.",
        "Compare the schematic that the factory stored (GET /schematics/<id>) with the one that was sent; do not use its images."
    );

    /// <summary>The address of the factory cannot be used.</summary>
    public static readonly TsError FactoryUriInvalid = new(
        "FactoryUriInvalid",
        TsErrorCategory.InvalidArgument,
        "The address of the Image Factory is not an https address (http is accepted on loopback only).",
        "Give -FactoryUri or TALOSTAILSCALE_FACTORY an address such as https://factory.talos.dev."
    );

    /// <summary>There is no way to the factory, or it broke again and again.</summary>
    public static readonly TsError FactoryUnreachable = new(
        "FactoryUnreachable",
        TsErrorCategory.ConnectionError,
        "The Image Factory could not be reached, or the transfer broke again and again.",
        "Check the network and -Proxy; run the same command again, which resumes where it stopped."
    );

    /// <summary>The factory is ill.</summary>
    public static readonly TsError FactoryUnavailable = new(
        "FactoryUnavailable",
        TsErrorCategory.ResourceUnavailable,
        "The Image Factory answered with a server error until the attempts were used up.",
        "Try again in some minutes, or use a mirror with -FactoryUri."
    );

    /// <summary>The factory took too long.</summary>
    public static readonly TsError FactoryTimeout = new(
        "FactoryTimeout",
        TsErrorCategory.OperationTimeout,
        "The Image Factory did not answer, or stopped sending, within the time allowed.",
        "Run the same command again: an image that was being built is ready by then, and a transfer resumes."
    );

    /// <summary>The factory does not have it.</summary>
    public static readonly TsError FactoryNotFound = new(
        "FactoryNotFound",
        TsErrorCategory.ObjectNotFound,
        "The Image Factory does not know the schematic or the Talos version.",
        "Post the schematic with New-TalosSchematic first, and check the version."
    );

    /// <summary>The factory did not accept the request.</summary>
    public static readonly TsError FactoryRefused = new(
        "FactoryRefused",
        TsErrorCategory.InvalidArgument,
        "The Image Factory did not accept the schematic, the version or the kind of image.",
        "Correct what the factory's message names."
    );

    /// <summary>The factory wants a login.</summary>
    public static readonly TsError FactoryAccessDenied = new(
        "FactoryAccessDenied",
        TsErrorCategory.PermissionDenied,
        "The Image Factory wants a login, or has this only in its enterprise edition.",
        "Use the public factory, or one that serves this without a login."
    );

    /// <summary>The answer breaks the protocol.</summary>
    public static readonly TsError FactoryProtocolViolation = new(
        "FactoryProtocolViolation",
        TsErrorCategory.ProtocolError,
        "The Image Factory, or a proxy in front of it, answered something that cannot be its answer.",
        "Check whether a proxy or a captive portal answers in its place."
    );

    /// <summary>The image is not what was asked for.</summary>
    public static readonly TsError ImageVerificationFailed = new(
        "ImageVerificationFailed",
        TsErrorCategory.SecurityError,
        "A downloaded image is damaged, or is not the image that was asked for. It was kept under another name.",
        "Download again with -Force; if it fails in the same way, the factory or a proxy serves a wrong image."
    );

    /// <summary>There is a file of that name which is something else.</summary>
    public static readonly TsError ImageFileExists = new(
        "ImageFileExists",
        TsErrorCategory.ResourceExists,
        "A file of the image's name is there and is not the image that was asked for.",
        "Give another -Destination, or -Force to replace the file."
    );

    /// <summary>The image could not be written.</summary>
    public static readonly TsError ImageWriteFailed = new(
        "ImageWriteFailed",
        TsErrorCategory.WriteError,
        "The image could not be written to disk.",
        "Check the free space and the rights of the destination, and that no other command downloads the same image."
    );

    /// <summary>Something about the image has to be known.</summary>
    public static readonly TsError ImageChoiceIncomplete = new(
        "ImageChoiceIncomplete",
        TsErrorCategory.InvalidArgument,
        "Neither a node nor parameters say which image is meant.",
        "Give -Node, or all of -Version, -Architecture and one of -Extension, -SchematicId or a piped schematic."
    );
}
