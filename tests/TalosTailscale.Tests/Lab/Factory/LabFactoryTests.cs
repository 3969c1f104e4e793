using System.Net;
using System.Text;
using System.Text.Json;
using TalosTailscale.Lab.Factory;
using TalosTailscale.Tests.Lab.Images;

namespace TalosTailscale.Tests.Lab.Factory;

/// <summary>The lab's factory as any HTTP client sees it, apart from the module's own.</summary>
public sealed class LabFactoryTests : IAsyncLifetime
{
    private const string Id = "4a0d65c669d46663f377e7161e50cfd570c401f26fd9e7bda34a0216b6f1922b";
    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new();
    private LabFactory? _factory;

    public async ValueTask InitializeAsync()
    {
        _factory = await LabFactory.StartAloneAsync(_folder.Path, TestContext.Current.CancellationToken);
        _http.BaseAddress = _factory.Address;
        using var content = new StringContent(
            "customization:\n  systemExtensions:\n    officialExtensions: [siderolabs/tailscale]\n",
            Encoding.UTF8,
            "application/yaml"
        );
        using var response = await _http.PostAsync(
            new Uri("schematics", UriKind.Relative),
            content,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        var body = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Id, body.RootElement.GetProperty("id").GetString());
    }

    [Theory]
    [InlineData("healthz", 200)]
    [InlineData("versions", 200)]
    [InlineData("version/v1.12.4/extensions/official", 200)]
    [InlineData("secureboot/signing-cert.pem", 200)]
    [InlineData("schematics/" + Id, 200)]
    [InlineData("schematics/0000000000000000000000000000000000000000000000000000000000000000", 404)]
    [InlineData("image/" + Id + "/v1.12.4/metal-arm64-uki.efi", 200)]
    [InlineData("image/" + Id + "/1.12.4/metal-arm64-uki.efi", 200)]
    [InlineData("image/" + Id + "/v1.12.4/metal-arm64-uki.efi.sha256", 402)]
    [InlineData("image/" + Id + "/v1.12.4/metal-riscv64-uki.efi", 400)]
    [InlineData("image/" + Id + "/v9.9.9/metal-arm64-uki.efi", 404)]
    [InlineData("image/" + Id + "/latest/metal-arm64-uki.efi", 500)]
    [InlineData("image/0000/v1.12.4/metal-arm64-uki.efi", 404)]
    public async Task Answers_are_those_of_the_published_API(string path, int status)
    {
        using var response = await _http.GetAsync(
            new Uri(path, UriKind.Relative),
            TestContext.Current.CancellationToken
        );
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task HEAD_tells_length_and_name_and_a_range_gives_just_that()
    {
        var path = new Uri($"image/{Id}/v1.12.4/metal-amd64-secureboot-uki.efi", UriKind.Relative);
        using var head = await _http.SendAsync(
            new HttpRequestMessage(HttpMethod.Head, path),
            TestContext.Current.CancellationToken
        );
        var length = head.Content.Headers.ContentLength!.Value;
        Assert.Equal("metal-amd64-secureboot-uki.efi", head.Content.Headers.ContentDisposition!.FileName!.Trim('"'));
        var all = await _http.GetByteArrayAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(length, all.LongLength);

        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Range = new(1000, null);
        request.Headers.IfRange = new(head.Headers.ETag!);
        using var part = await _http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal(all[1000..], await part.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("nonsense: 1")]
    [InlineData("customization: {extra: []}")]
    [InlineData("- a")]
    [InlineData("{")]
    public async Task What_is_no_schematic_is_refused(string text)
    {
        using var content = new StringContent(text);
        using var response = await _http.PostAsync(
            new Uri("schematics", UriKind.Relative),
            content,
            TestContext.Current.CancellationToken
        );
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _factory!.DisposeAsync();
        _folder.Dispose();
    }
}
