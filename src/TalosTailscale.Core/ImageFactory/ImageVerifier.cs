using TalosTailscale.Core.Images;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// Holds an image against what was asked for. The public factory publishes no digests (siderolabs/image-factory#184), so
/// the image is judged by what is in it: structure, signature, version, architecture, extensions, schematic.
/// </summary>
public static class ImageVerifier
{
    /// <summary>Reads the UKI of a file and checks it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="expectation">What it has to be.</param>
    /// <param name="reporter">Told how far the reading has come.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>What the UKI says about itself, with the SHA-256 of the UKI.</returns>
    /// <exception cref="TsException">ImageVerificationFailed with every difference; the errors of the readers.</exception>
    public static async Task<UkiInfo> VerifyAsync(
        string path,
        ImageExpectation expectation,
        IReporter reporter,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(expectation);
        var uki = await UkiSource.ReadAsync(path, reporter, cancellationToken).ConfigureAwait(false);
        var differences = Differences(uki, expectation).ToList();
        return differences.Count == 0
            ? uki
            : throw ImageFactoryErrors.ImageVerificationFailed.New(
                $"'{Path.GetFileName(path)}' is not what was asked for: {string.Join("; ", differences)}.",
                path
            );
    }

    internal static IEnumerable<string> Differences(UkiInfo uki, ImageExpectation expected)
    {
        if (uki.Version != expected.Version)
            yield return $"Talos version '{uki.Version}' was found, '{expected.Version}' was expected";
        if (uki.Architecture != expected.Architecture)
            yield return $"architecture {uki.Architecture} was found, {expected.Architecture} was expected";
        if (uki.Variant != expected.Variant)
            yield return $"variant {uki.Variant} was found, {expected.Variant} was expected";
        if (uki.SchematicId is not null && uki.SchematicId != expected.SchematicId)
            yield return $"schematic '{uki.SchematicId}' was found, '{expected.SchematicId}' was expected";
        var kind = expected.Kind == TalosImageKind.Iso ? UkiKind.InstallerIso : UkiKind.InstalledSystem;
        if (uki.Kind != kind)
            yield return $"a UKI of kind {uki.Kind} was found, {kind} was expected";
        foreach (var extension in MissingExtensions(uki, expected.Extensions))
            yield return $"the extension '{extension}' is missing";
        foreach (var difference in Signature(uki, expected))
            yield return difference;
    }

    // Some extensions call themselves otherwise than the factory calls them (siderolabs/nonfree-kmod-nvidia-lts is
    // nonfree-kmod-nvidia), so a name that is not found is excused by one that nobody asked for. Never for tailscale.
    private static IEnumerable<string> MissingExtensions(UkiInfo uki, IReadOnlyList<string> expected)
    {
        var missing = expected.Where(e => !uki.HasExtension(e)).ToList();
        var found = uki.Extensions.Count(e => e.Name is not ("schematic" or "modules.dep"));
        return found < expected.Count ? missing : missing.Where(e => e == Schematic.TailscaleExtension);
    }

    private static IEnumerable<string> Signature(UkiInfo uki, ImageExpectation expected)
    {
        if (uki.Signed && uki.SignatureStatus != UkiSignatureStatus.Valid)
            yield return uki.SignatureStatus == UkiSignatureStatus.DigestMismatch
                ? "its content is not what was signed"
                : "its signature does not hold";
        if (expected.Variant == UkiVariant.SecureBoot && !uki.Signed)
            yield return "it is not signed";
        if (
            expected.SignerSha256 is { } signer
            && uki.Signer is { } found
            && !uki.Signatures.Any(s => s.Status == UkiSignatureStatus.Valid && s.Signer?.Sha256 == signer)
        )
            yield return $"it was signed by '{found.Subject}' ({found.Sha256[..16]}…), not by the certificate {signer[..16]}…";
        if (
            expected.PcrKeyFingerprint is { Length: > 0 } key
            && !string.Equals(uki.PcrKeyFingerprint, key, StringComparison.OrdinalIgnoreCase)
        )
            yield return $"its PCR signing key is not the one that the node was booted with ({key[..Math.Min(11, key.Length)]}…)";
    }
}
