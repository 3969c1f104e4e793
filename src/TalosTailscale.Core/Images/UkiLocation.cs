using TalosTailscale.Core.Images.Pe;

namespace TalosTailscale.Core.Images;

/// <summary>A place where a UKI was found, and the way to its bytes. Nothing of the image is kept open.</summary>
public sealed class UkiLocation
{
    private readonly Func<CancellationToken, Task<Stream>> _open;
    private readonly IReadOnlyList<Extent> _extents;
    private readonly bool _ownsImage;

    internal UkiLocation(
        string? path,
        string? location,
        UkiContainer container,
        IReadOnlyList<Extent> extents,
        Func<CancellationToken, Task<Stream>> open,
        bool ownsImage
    )
    {
        Path = path;
        Location = location;
        Container = container;
        Size = extents.Sum(e => e.Length);
        _extents = extents;
        _open = open;
        _ownsImage = ownsImage;
    }

    /// <summary>The file that holds the UKI; null for a stream without a name.</summary>
    public string? Path { get; }

    /// <summary>The path inside the image (<c>EFI/Linux/Talos-v1.12.4.efi</c>); null where the file is the UKI.</summary>
    public string? Location { get; }

    /// <summary>What holds it.</summary>
    public UkiContainer Container { get; }

    /// <summary>Size of the UKI in bytes.</summary>
    public long Size { get; }

    /// <summary>The file name of the UKI itself.</summary>
    public string Name => System.IO.Path.GetFileName(Location ?? Path ?? "");

    /// <summary>True when systemd-boot would list a file of this name; false for backups.</summary>
    public bool IsBootEntry => BootEntryName.IsListed(Name);

    /// <summary>Opens the UKI as a seekable read-only stream from its first to its last byte; copies nothing.</summary>
    /// <param name="cancellationToken">Stops the opening.</param>
    /// <returns>The stream. The caller disposes it.</returns>
    public async Task<Stream> OpenAsync(CancellationToken cancellationToken = default)
    {
        var image = await _open(cancellationToken).ConfigureAwait(false);
        return new SubStream(image, _extents, null, _ownsImage);
    }

    /// <summary>Reads what the UKI says about itself.</summary>
    /// <param name="options">What to look at; path, location and container are filled in here.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>The facts.</returns>
    /// <exception cref="TsException">The UKI is truncated or malformed (<see cref="ImageErrors"/>).</exception>
    public async Task<UkiInfo> ReadAsync(UkiReadOptions? options = null, CancellationToken cancellationToken = default)
    {
        var stream = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            options = (options ?? new UkiReadOptions()) with
            {
                Path = Path,
                Location = Location,
                Container = Container,
            };
            return await UkiReader.ReadAsync(stream, options, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Whether it is a UEFI program of another kind.</summary>
    internal async Task<bool> IsForeignAsync(CancellationToken cancellationToken)
    {
        var stream = await OpenAsync(cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            try
            {
                var image = await PeImage
                    .ReadAsync(new RandomReader(stream, ToString()), cancellationToken)
                    .ConfigureAwait(false);
                return UkiText.MissingIn(image).Count > 0;
            }
            catch (TsException)
            {
                return false;
            }
        }
    }

    /// <inheritdoc/>
    public override string ToString() => Location is null ? Path ?? "" : $"{Path}:{Location}";
}
