using System.Security.Cryptography;
using TalosTailscale.Lab.Images;
using TalosTailscale.Tests.Engine;

namespace TalosTailscale.Tests.Images;

/// <summary>Get-Uki and Export-Uki through the real engine, on images that the lab makes.</summary>
public sealed class ImageCmdletTests : IDisposable
{
    private static readonly LabUkiSpec s_iso = new() { Kind = LabUkiKind.Iso, SecureBoot = true };
    private static readonly LabUkiSpec s_installed = new();

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ts-images-");
    private readonly PowerShellSession _session = PowerShellSession.Create();

    public void Dispose()
    {
        _session.Dispose();
        _folder.Delete(true);
    }

    [Fact]
    public void Get_Uki_tells_an_installer_in_an_iso()
    {
        var iso = WriteIso("talos.iso", s_iso);

        var uki = _session.Invoke("param($p) Get-Uki $p", ("p", iso)).Single<UkiInfo>();

        Assert.Equal("Talos-v1.12.4.efi", uki.Name);
        Assert.Equal((iso, "EFI/Linux/Talos-v1.12.4.efi", UkiContainer.Iso), (uki.Path, uki.Location, uki.Container));
        Assert.Equal(("v1.12.4", TalosArchitecture.Arm64), (uki.Version, uki.Architecture));
        Assert.Equal((UkiKind.InstallerIso, UkiVariant.SecureBoot), (uki.Kind, uki.Variant));
        Assert.True(uki.HaltsIfInstalled);
        Assert.Equal(["main", "reset"], uki.Profiles.Select(p => p.Id));
        Assert.True(uki.HasExtension("siderolabs/tailscale"));
        Assert.Equal(s_iso.SchematicId, uki.SchematicId);
        Assert.Equal(UkiSignatureStatus.Valid, uki.SignatureStatus);
        Assert.Equal(LabSigningKeys.Factory.PcrFingerprint, uki.PcrKeyFingerprint);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(LabImages.Uki(s_iso))), uki.Sha256);
    }

    [Fact]
    public void Get_Uki_takes_wildcards_literal_names_and_files_from_the_pipeline()
    {
        WriteUki("a[1].efi", s_installed);
        WriteUki("b.efi", s_installed);
        const string Script = """
            param($d)
            Get-Uki "$d/*.efi" -NoHash
            Get-Uki -LiteralPath "$d/a[1].efi" -NoHash
            [System.IO.DirectoryInfo]::new($d).GetFiles() | Get-Uki -NoHash
            """;

        var result = _session.Invoke(Script, ("d", _folder.FullName));

        result.AssertNoErrors();
        Assert.Equal(
            ["a[1].efi", "b.efi", "a[1].efi", "a[1].efi", "b.efi"],
            result
                .OutputOf<UkiInfo>()
                .Select(u => u.Name)
                .Take(3)
                .Concat(result.OutputOf<UkiInfo>().Skip(3).Select(u => u.Name).Order())
        );
        Assert.All(result.OutputOf<UkiInfo>(), u => Assert.Null(u.Sha256));
    }

    [Fact]
    public void Get_Uki_lists_sections_with_their_hashes()
    {
        var file = WriteUki("a.efi", s_installed);

        var sections = _session.Invoke("param($p) Get-Uki $p -Section", ("p", file)).OutputOf<UkiSection>();

        var cmdline = Assert.Single(sections, s => s.Name == ".cmdline");
        var bytes = File.ReadAllBytes(file).AsSpan((int)cmdline.Offset, (int)cmdline.Size);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), cmdline.Sha256);
        Assert.All(sections, s => Assert.Equal(file, s.Uki));
    }

    [Fact]
    public void Get_Uki_reports_each_bad_file_and_goes_on()
    {
        var good = WriteUki("good.efi", s_installed);
        File.WriteAllBytes(Path.Combine(_folder.FullName, "cut.efi"), File.ReadAllBytes(good)[..100_000]);
        File.WriteAllText(Path.Combine(_folder.FullName, "text.efi"), "This is not an image.");
        File.WriteAllBytes(Path.Combine(_folder.FullName, "boot.efi"), LabImages.BootManager(TalosArchitecture.Arm64));

        var result = _session.Invoke("param($d) Get-Uki \"$d/*.efi\", \"$d/none\"", ("d", _folder.FullName));

        Assert.Equal(good, Assert.Single(result.OutputOf<UkiInfo>()).Path);
        result.AssertError("ImageTruncated");
        result.AssertError("ImageFormatUnknown");
        result.AssertError("NotAUki");
        result.AssertError("PathNotFound");
        Assert.Null(result.Terminating);
    }

    [Fact]
    public void Export_Uki_takes_the_exact_bytes_out_of_an_iso()
    {
        var iso = WriteIso("talos.iso", s_iso);

        var export = _session
            .Invoke("param($p, $d) Export-Uki $p $d", ("p", iso), ("d", _folder.FullName))
            .Single<UkiExport>();

        var path = Path.Combine(_folder.FullName, "Talos-v1.12.4.efi");
        Assert.Equal((path, iso, "EFI/Linux/Talos-v1.12.4.efi"), (export.Path, export.Source, export.SourceLocation));
        Assert.Equal(LabImages.Uki(s_iso), File.ReadAllBytes(path));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path))), export.Sha256);
        Assert.True(export.Signed);
        Assert.False(export.Rebuilt);
    }

    [Fact]
    public void Export_Uki_rebuilds_for_an_installed_system_and_says_that_it_is_unsigned()
    {
        WriteIso("talos.iso", s_iso);

        var result = _session.Invoke(
            "param($d) Get-Uki \"$d/talos.iso\" | Export-Uki -Destination \"$d/new.efi\" -ForInstalledSystem | Get-Uki",
            ("d", _folder.FullName)
        );

        result.AssertNoErrors();
        Assert.Contains(result.Warnings, w => w.Contains("unsigned", StringComparison.Ordinal));
        var uki = result.Single<UkiInfo>();
        Assert.Equal((UkiKind.InstalledSystem, UkiVariant.Plain), (uki.Kind, uki.Variant));
        Assert.Equal(["main"], uki.Profiles.Select(p => p.Id));
        Assert.DoesNotContain("talos.halt_if_installed", uki.CommandLine, StringComparison.Ordinal);
        Assert.True(uki.HasExtension("tailscale"));
    }

    [Fact]
    public void Export_Uki_refuses_to_rebuild_what_is_for_an_installed_system_and_leaves_no_file()
    {
        WriteUki("a.efi", s_installed);

        var result = _session.Invoke(
            "param($d) Export-Uki \"$d/a.efi\" \"$d/new.efi\" -ForInstalledSystem",
            ("d", _folder.FullName)
        );

        result.AssertError("UkiNothingToChange");
        Assert.Equal(["a.efi"], Names());
    }

    [Fact]
    public void Export_Uki_replaces_a_file_only_with_Force_and_writes_nothing_with_WhatIf()
    {
        var iso = WriteIso("talos.iso", s_iso);
        var target = Path.Combine(_folder.FullName, "x.efi");
        File.WriteAllText(target, "old");
        (string, object?)[] values = [("p", iso), ("t", target)];

        _session.Invoke("param($p, $t) Export-Uki $p $t", values).AssertError("ExportTargetExists");
        _session.Invoke("param($p, $t) Export-Uki $p $t -Force -WhatIf", values).AssertNoErrors();
        Assert.Equal("old", File.ReadAllText(target));

        _session.Invoke("param($p, $t) Export-Uki $p $t -Force", values).Single<UkiExport>();
        Assert.Equal(LabImages.Uki(s_iso), File.ReadAllBytes(target));
        Assert.Equal(["talos.iso", "x.efi"], Names());
    }

    [Fact]
    public void Export_Uki_of_a_truncated_iso_is_an_error_and_leaves_no_file()
    {
        var iso = WriteIso("talos.iso", s_iso);
        using (var file = File.OpenWrite(iso))
            file.SetLength(100 * 2048);

        var result = _session.Invoke("param($p, $d) Export-Uki $p $d", ("p", iso), ("d", _folder.FullName));

        result.AssertError("ImageTruncated");
        Assert.Equal(["talos.iso"], Names());
    }

    [Fact]
    public void Export_Uki_writes_into_a_stream()
    {
        var iso = WriteIso("talos.iso", s_iso);
        using var stream = new MemoryStream();

        var export = _session
            .Invoke("param($p, $s) Export-Uki $p -Stream $s", ("p", iso), ("s", stream))
            .Single<UkiExport>();

        Assert.Null(export.Path);
        Assert.Equal(LabImages.Uki(s_iso), stream.ToArray());
    }

    [Fact]
    public void Export_Uki_wants_a_choice_where_an_esp_has_several_entries()
    {
        var esp = Path.Combine(_folder.FullName, "esp.img");
        using (var file = File.Create(esp))
        {
            LabImages.WriteEsp(
                file,
                new Dictionary<string, byte[]>
                {
                    ["EFI/Linux/Talos-v1.12.4.efi"] = LabImages.Uki(s_installed with { Vanilla = true }),
                    ["EFI/Linux/Talos-v1.12.4~1.efi"] = LabImages.Uki(s_installed),
                    ["EFI/Linux/Talos-v1.12.3.efi.bak.1700000000"] = LabImages.Uki(s_installed),
                },
                64 << 20
            );
        }

        var all = _session.Invoke("param($p) Get-Uki $p -NoHash", ("p", esp)).OutputOf<UkiInfo>();
        Assert.Equal([false, true, true], all.OrderBy(u => u.Name, StringComparer.Ordinal).Select(u => u.IsBootEntry));

        (string, object?)[] values = [("p", esp), ("d", _folder.FullName)];
        _session.Invoke("param($p, $d) Export-Uki $p $d", values).AssertError("UkiAmbiguous");
        var export = _session.Invoke("param($p, $d) Export-Uki $p $d -Location '*~1.efi'", values).Single<UkiExport>();
        Assert.Equal(LabImages.Uki(s_installed), File.ReadAllBytes(export.Path!));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Get_Uki_holds_the_signer_to_trusted_certificates_in_either_form(bool pem)
    {
        var file = WriteUki("a.efi", s_installed with { SecureBoot = true });
        var certificates = new[] { LabSigningKeys.Factory, LabSigningKeys.Other }
            .Select(keys =>
            {
                var path = Path.Combine(_folder.FullName, keys.Name + (pem ? ".pem" : ".der"));
                if (pem)
                    File.WriteAllText(path, keys.Certificate.ExportCertificatePem());
                else
                    File.WriteAllBytes(path, keys.Certificate.RawData);
                return path;
            })
            .ToArray();

        bool? Trusted(params string[] given) =>
            _session
                .Invoke("param($p, $c) Get-Uki $p -TrustedCertificate $c", ("p", file), ("c", given))
                .Single<UkiInfo>()
                .SignerTrusted;

        Assert.Equal((true, false, true), (Trusted(certificates[0]), Trusted(certificates[1]), Trusted(certificates)));
    }

    [Fact]
    public void A_shell_beside_one_UKI_makes_it_not_ambiguous()
    {
        var esp = Path.Combine(_folder.FullName, "esp.img");
        using (var file = File.Create(esp))
        {
            LabImages.WriteEsp(
                file,
                new Dictionary<string, byte[]>
                {
                    ["EFI/Linux/shell.efi"] = LabImages.BootManager(TalosArchitecture.Arm64),
                    ["EFI/Linux/Talos-v1.12.4.efi"] = LabImages.Uki(s_installed),
                },
                64 << 20
            );
        }

        var export = _session
            .Invoke("param($p, $d) Export-Uki $p $d", ("p", esp), ("d", _folder.FullName))
            .Single<UkiExport>();

        Assert.Equal("EFI/Linux/Talos-v1.12.4.efi", export.SourceLocation);
    }

    private IEnumerable<string> Names() => _folder.GetFiles().Select(f => f.Name).Order(StringComparer.Ordinal);

    private string WriteUki(string name, LabUkiSpec spec)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllBytes(path, LabImages.Uki(spec));
        return path;
    }

    private string WriteIso(string name, LabUkiSpec spec)
    {
        var path = Path.Combine(_folder.FullName, name);
        using var file = File.Create(path);
        LabImages.WriteIso(spec, file);
        return path;
    }
}
