using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>What was stored.</summary>
/// <param name="Path">The file, absolute.</param>
/// <param name="Size">Its size in bytes.</param>
/// <param name="Sha256">Its SHA-256, lower case.</param>
/// <param name="Uki">What the UKI in it says about itself.</param>
/// <param name="WasPresent">True when it was there already.</param>
public sealed record StoredImage(string Path, long Size, string Sha256, UkiInfo Uki, bool WasPresent);

/// <summary>
/// Puts verified images on disk: downloaded beside, verified, then given their name, so that under the name there is only
/// ever an image that passed.
/// </summary>
public sealed class ImageStore(ImageFactoryClient client, IReporter reporter)
{
    /// <summary>Fetches an image, or finds that it is there already.</summary>
    /// <param name="uri">Where it is.</param>
    /// <param name="path">The file to make, absolute.</param>
    /// <param name="expectation">What it has to be.</param>
    /// <param name="force">Replace whatever is there.</param>
    /// <param name="cancellationToken">Stops it; what was received is kept for the next run.</param>
    /// <returns>The image.</returns>
    /// <exception cref="TsException">
    /// ImageFileExists, ImageVerificationFailed, ImageWriteFailed, and those of the transport.
    /// </exception>
    public async Task<StoredImage> SaveAsync(
        Uri uri,
        string path,
        ImageExpectation expectation,
        bool force,
        CancellationToken cancellationToken
    )
    {
        if (!force && File.Exists(path))
            return await PresentAsync(path, expectation, cancellationToken).ConfigureAwait(false);
        var partial = await ImageDownload.RunAsync(client, uri, path, cancellationToken).ConfigureAwait(false);
        var uki = await VerifyOrSetAsideAsync(partial, path, expectation, cancellationToken).ConfigureAwait(false);
        // A UKI has been hashed while it was verified; of an ISO only the UKI in it.
        var sha256 = uki.Location is null
            ? uki.Sha256!
            : await ImageHash.ComputeAsync(partial, Hashed(path), cancellationToken).ConfigureAwait(false);
        try
        {
            // The record first: a name with a record of another file is noticed, a name without one is not.
            await ImageHash.RecordAsync(path, sha256, cancellationToken).ConfigureAwait(false);
            File.Move(partial, path, overwrite: true);
            PartialFile.ForgetValidator(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw ImageFactoryErrors.ImageWriteFailed.New($"'{path}' could not be written: {e.Message}", path, e);
        }

        reporter.Verbose(
            $"'{path}' is what was asked for: Talos {uki.Version}, {uki.Architecture}, {uki.Variant}, schematic {uki.SchematicId ?? "not told"}; SHA-256 {sha256}."
        );
        return new StoredImage(
            path,
            new FileInfo(path).Length,
            sha256,
            uki with
            {
                Path = path,
                Name = Name(uki, path),
            },
            false
        );
    }

    private async Task<StoredImage> PresentAsync(
        string path,
        ImageExpectation expectation,
        CancellationToken cancellationToken
    )
    {
        var sha256 = await ImageHash.ComputeAsync(path, Hashed(path), cancellationToken).ConfigureAwait(false);
        var recorded = await ImageHash.ReadAsync(path, cancellationToken).ConfigureAwait(false);
        if (recorded is not null && recorded != sha256)
            throw ImageFactoryErrors.ImageFileExists.New(
                $"'{path}' has the SHA-256 {sha256[..16]}…; {recorded[..Math.Min(16, recorded.Length)]}… was recorded when it was saved.",
                path
            );
        UkiInfo uki;
        try
        {
            uki = await ImageVerifier.VerifyAsync(path, expectation, reporter, cancellationToken).ConfigureAwait(false);
        }
        catch (TsException e) when (e.Error.Category is TsErrorCategory.InvalidData or TsErrorCategory.SecurityError)
        {
            throw ImageFactoryErrors.ImageFileExists.New(e.Message, path, e);
        }

        reporter.Verbose($"'{path}' is there and is what was asked for; nothing is downloaded.");
        if (!File.Exists(PartialFile.PathOf(path)))
            PartialFile.ForgetValidator(path); // a run that was killed has left it
        if (recorded is null)
            await ImageHash.RecordAsync(path, sha256, cancellationToken).ConfigureAwait(false);
        return new StoredImage(path, new FileInfo(path).Length, sha256, uki, WasPresent: true);
    }

    private async Task<UkiInfo> VerifyOrSetAsideAsync(
        string partial,
        string path,
        ImageExpectation expectation,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await ImageVerifier
                .VerifyAsync(partial, expectation, reporter, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (TsException e)
        {
            var aside = path + ".rejected";
            File.Move(partial, aside, overwrite: true);
            PartialFile.ForgetValidator(path);
            var message = e.Message.Replace(
                Path.GetFileName(partial),
                Path.GetFileName(path),
                StringComparison.Ordinal
            );
            throw ImageFactoryErrors.ImageVerificationFailed.New(
                $"{message.TrimEnd('.')}. The file was kept as '{aside}'.",
                path,
                e
            );
        }
    }

    private Action<long, long> Hashed(string path) =>
        (done, total) =>
            reporter.Progress(
                new ProgressStep(
                    "Hashing image",
                    Path.GetFileName(path),
                    "hashing",
                    done,
                    total,
                    Completed: done == total
                )
            );

    private static string Name(UkiInfo uki, string path) => uki.Location is null ? Path.GetFileName(path) : uki.Name;
}
