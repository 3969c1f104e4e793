using System.Formats.Tar;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;

namespace TalosTailscale.Lab.Registry;

/// <summary>Pulls as a node's containerd does: index, manifest of the architecture, config, layers; every digest is checked.</summary>
internal sealed class LabRegistryClient : IDisposable
{
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };

    public async Task<LabImage?> PullAsync(
        Uri registry,
        ImageReference reference,
        TalosArchitecture architecture,
        CancellationToken cancellationToken
    )
    {
        if (await ResolveAsync(registry, reference, architecture, cancellationToken) is not var (digest, manifest))
            return null;
        var size = (await BlobAsync(registry, reference, manifest.GetProperty("config"), cancellationToken)).LongLength;
        foreach (var layer in manifest.GetProperty("layers").EnumerateArray())
            size += (await BlobAsync(registry, reference, layer, cancellationToken)).LongLength;
        return new LabImage(digest, size);
    }

    public async Task<bool> SaveUkiAsync(
        Uri registry,
        ImageReference reference,
        TalosArchitecture architecture,
        string path,
        CancellationToken cancellationToken
    )
    {
        if (await ResolveAsync(registry, reference, architecture, cancellationToken) is not var (_, manifest))
            return false;
        var name = $"usr/install/{Name(architecture)}/vmlinuz.efi";
        foreach (var layer in manifest.GetProperty("layers").EnumerateArray())
        {
            var blob = await BlobAsync(registry, reference, layer, cancellationToken);
            await using var gzip = new GZipStream(new MemoryStream(blob), CompressionMode.Decompress);
            await using var tar = new TarReader(gzip);
            while (await tar.GetNextEntryAsync(cancellationToken: cancellationToken) is { } entry)
            {
                if (entry.Name != name)
                    continue;
                await entry.ExtractToFileAsync(path, overwrite: true, cancellationToken);
                return true;
            }
        }

        return false;
    }

    public void Dispose() => _http.Dispose();

    private async Task<(string Digest, JsonElement Manifest)?> ResolveAsync(
        Uri registry,
        ImageReference reference,
        TalosArchitecture architecture,
        CancellationToken cancellationToken
    )
    {
        if (await ManifestAsync(registry, reference, reference.Tag, cancellationToken) is not var (digest, index))
            return null;
        if (!index.TryGetProperty("manifests", out var manifests))
            return (digest, index);
        foreach (var entry in manifests.EnumerateArray())
        {
            if (entry.GetProperty("platform").GetProperty("architecture").GetString() == Name(architecture))
                return (
                    digest,
                    (
                        await ManifestAsync(
                            registry,
                            reference,
                            entry.GetProperty("digest").GetString()!,
                            cancellationToken
                        )
                    )!
                        .Value
                        .Json
                );
        }

        return null;
    }

    private async Task<(string Digest, JsonElement Json)?> ManifestAsync(
        Uri registry,
        ImageReference reference,
        string tag,
        CancellationToken cancellationToken
    )
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Get,
            new Uri(registry, $"v2/{reference.Repository}/manifests/{tag}?ns={reference.Host}")
        );
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(OciImage.IndexType));
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(OciImage.ManifestType));
        using var response = await _http.SendAsync(request, cancellationToken);
        if (response.StatusCode == HttpStatusCode.NotFound)
            return null;
        var content = await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(cancellationToken);
        var digest = Digest(content);
        return tag.StartsWith("sha256:", StringComparison.Ordinal) && tag != digest
            ? throw new InvalidDataException($"The manifest has the digest {digest}, not {tag}.")
            : (digest, JsonSerializer.Deserialize<JsonElement>(content));
    }

    private async Task<byte[]> BlobAsync(
        Uri registry,
        ImageReference reference,
        JsonElement descriptor,
        CancellationToken cancellationToken
    )
    {
        var digest = descriptor.GetProperty("digest").GetString()!;
        var content = await _http.GetByteArrayAsync(
            new Uri(registry, $"v2/{reference.Repository}/blobs/{digest}?ns={reference.Host}"),
            cancellationToken
        );
        return Digest(content) == digest ? content : throw new InvalidDataException($"The blob {digest} is damaged.");
    }

    private static string Digest(byte[] content) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(content));

    private static string Name(TalosArchitecture architecture) =>
        architecture == TalosArchitecture.Arm64 ? "arm64" : "amd64";
}
