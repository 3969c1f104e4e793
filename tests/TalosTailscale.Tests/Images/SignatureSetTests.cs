using TalosTailscale.Core.Images;

namespace TalosTailscale.Tests.Images;

/// <summary>
/// Our verdict beside that of sbverify, over every image of a generated set and every key. Where firmware refuses what
/// sbverify takes, the verdict is the firmware's: that is counted too.
/// </summary>
public sealed class SignatureSetTests(ITestOutputHelper output)
{
    /// <summary>
    /// Images that sbverify takes and edk2 does not, because they end elsewhere than their tables say
    /// (DxeImageVerificationHandler: the walk must end with the table; HashPeImage: what is beyond it is hashed).
    /// </summary>
    private static readonly string[] s_stricter = ["-padded-8", "-padded-4096", "-padded-in-table", "-padded-1"];

    [Fact]
    public async Task Sbverify_and_ours_agree_but_for_what_firmware_refuses()
    {
        using var folder = new TemporaryFolder();
        var set = new SignatureSet(folder);
        await set.MakeAsync();

        var differences = new List<string>();
        var (taken, refused, stricter) = (0, 0, 0);
        foreach (var (name, _) in set.Files)
        {
            foreach (var key in SignatureSet.Keys)
            {
                var theirs = await Tool.TryAsync("sbverify", "--cert", set.CertificateOf(key), folder[name + ".efi"]);
                var ours = await IsTakenAsync(folder[name + ".efi"], set.CertificateOf(key));
                if (ours == (theirs.ExitCode == 0))
                    _ = ours ? taken++ : refused++;
                else if (!ours && s_stricter.Any(s => name.EndsWith(s, StringComparison.Ordinal)))
                    stricter++;
                else
                    differences.Add($"{name} with {key}: ours {ours}, sbverify {theirs.ExitCode}: {theirs.Output.Trim()}");
            }
        }

        output.WriteLine($"{set.Files.Count} images, {SignatureSet.Keys.Count()} keys: both take {taken}, both refuse "
            + $"{refused}, only firmware and ours refuse {stricter}, otherwise {differences.Count}.");
        Assert.Empty(differences);
        Assert.True(taken >= set.Files.Count / 3, $"Only {taken} were taken.");
    }

    [Fact]
    public async Task Each_signature_has_a_verdict_and_one_that_holds_is_enough()
    {
        using var folder = new TemporaryFolder();
        var set = new SignatureSet(folder);
        await set.MakeAsync();

        var uki = await ReadAsync(folder["double.efi"], set.CertificateOf("rsa4096"));

        Assert.Equal(["CN=rsa2048", "CN=rsa4096"], uki.Signatures.Select(s => s.Signer!.Subject));
        Assert.All(uki.Signatures, s => Assert.Equal(UkiSignatureStatus.Valid, s.Status));
        Assert.Equal([false, true], uki.Signatures.Select(s => s.Trusted));
        Assert.True(uki.SignerTrusted);
        Assert.Equal("SHA384", Assert.Single((await ReadAsync(folder["sha384-p384.efi"])).Signatures).HashAlgorithm);
        // Firmware does not look at nested signatures.
        Assert.Equal("CN=rsa2048", Assert.Single((await ReadAsync(folder["nested.efi"])).Signatures).Signer!.Subject);
    }

    private static async Task<bool> IsTakenAsync(string path, string certificate)
    {
        try
        {
            return (await ReadAsync(path, certificate)).SignerTrusted == true;
        }
        catch (TsException)
        {
            return false;
        }
    }

    private static async Task<UkiInfo> ReadAsync(string path, string? certificate = null)
    {
        await using var stream = File.OpenRead(path);
        var options = new UkiReadOptions
        {
            Extensions = false,
            TrustedCertificates = certificate is null
                ? []
                : TrustedCertificates.Parse(await File.ReadAllBytesAsync(certificate), certificate),
        };
        return await UkiReader.ReadAsync(stream, options, TestContext.Current.CancellationToken);
    }
}
