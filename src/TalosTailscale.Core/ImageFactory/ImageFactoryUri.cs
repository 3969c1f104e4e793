using TalosTailscale.Core.Images;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>Addresses at an Image Factory (siderolabs/image-factory, <c>docs/api.md</c>).</summary>
public static class ImageFactoryUri
{
    /// <summary>The environment variable that names another factory than the public one.</summary>
    public const string EnvironmentVariable = "TALOSTAILSCALE_FACTORY";

    /// <summary>The public factory.</summary>
    public static Uri Public { get; } = new("https://factory.talos.dev/");

    /// <summary>The factory to use: the one given, else that of the environment, else the public one.</summary>
    /// <param name="given">What the user gave; null for nothing.</param>
    /// <returns>Its address, ending in a slash.</returns>
    /// <exception cref="TsException">FactoryUriInvalid.</exception>
    public static Uri Resolve(Uri? given) => Resolve(given, Environment.GetEnvironmentVariable(EnvironmentVariable));

    internal static Uri Resolve(Uri? given, string? fromEnvironment)
    {
        if (
            given is null
            && !string.IsNullOrWhiteSpace(fromEnvironment)
            && !Uri.TryCreate(fromEnvironment, UriKind.RelativeOrAbsolute, out given)
        )
            throw ImageFactoryErrors.FactoryUriInvalid.New(
                $"{EnvironmentVariable} holds no address; an https address was expected.",
                EnvironmentVariable
            );
        given ??= Public;
        if (
            !given.IsAbsoluteUri
            || given.UserInfo.Length > 0
            || given.Query.Length > 0
            || !(given.Scheme == Uri.UriSchemeHttps || (given.Scheme == Uri.UriSchemeHttp && given.IsLoopback))
        )
            throw ImageFactoryErrors.FactoryUriInvalid.New(
                $"'{Shown(given)}' cannot be used as an Image Factory; an https address was expected, without a login or a query.",
                Shown(given)
            );
        return given.AbsolutePath.EndsWith('/') ? given : new Uri(given.AbsoluteUri + "/");
    }

    /// <summary>The address of a schematic's image.</summary>
    /// <param name="factory">The factory.</param>
    /// <param name="schematicId">Id of the schematic.</param>
    /// <param name="version">Talos version.</param>
    /// <param name="fileName">Name of the image, from <see cref="FileName"/>.</param>
    /// <returns>The address.</returns>
    public static Uri Image(Uri factory, SchematicId schematicId, VersionTag version, string fileName) =>
        new(factory, $"image/{schematicId}/{version}/{fileName}");

    /// <summary>The factory's name for an image (<c>metal-arm64-secureboot-uki.efi</c>).</summary>
    /// <param name="kind">UKI or ISO.</param>
    /// <param name="architecture">Architecture.</param>
    /// <param name="secureBoot">Whether it is the signed one.</param>
    /// <returns>The name.</returns>
    public static string FileName(TalosImageKind kind, TalosArchitecture architecture, bool secureBoot) =>
        $"metal-{Name(architecture)}{(secureBoot ? "-secureboot" : "")}{(kind == TalosImageKind.Iso ? ".iso" : "-uki.efi")}";

    /// <summary>The reference of the installer image for an upgrade.</summary>
    /// <param name="factory">
    /// The factory. One on loopback is a tunnel or a mirror for this machine alone: nodes are given the public name.
    /// </param>
    /// <param name="schematicId">Id of the schematic.</param>
    /// <param name="version">Talos version.</param>
    /// <param name="secureBoot">Whether it is the signed one.</param>
    /// <returns><c>factory.talos.dev/metal-installer[-secureboot]/SCHEMATIC:VERSION</c>.</returns>
    public static string Installer(Uri factory, SchematicId schematicId, VersionTag version, bool secureBoot)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var host = factory.IsLoopback ? Public.Authority : factory.Authority;
        return $"{host}/metal-installer{(secureBoot ? "-secureboot" : "")}/{schematicId}:{version}";
    }

    // A login or a token that was put into the address is not repeated.
    private static string Shown(Uri uri) =>
        uri.IsAbsoluteUri
            ? uri.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)
            : uri.OriginalString;

    private static string Name(TalosArchitecture architecture) =>
        architecture switch
        {
            TalosArchitecture.Amd64 => "amd64",
            TalosArchitecture.Arm64 => "arm64",
            _ => throw ImageFactoryErrors.ImageChoiceIncomplete.New(
                "The architecture of the image is not known; Amd64 or Arm64 was expected.",
                architecture
            ),
        };
}
