using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using TalosTailscale.Core.Reporting;

namespace TalosTailscale.Core.ImageFactory;

/// <summary>
/// Fetches one image into a <c>.partial</c> file. Broken transfers go on where they stopped, by <c>Range</c> with
/// <c>If-Range</c> (RFC 9110, section 13.1.5), also in a later run: the validator is kept beside the partial file.
/// </summary>
internal sealed class ImageDownload
{
    private const string Activity = "Downloading image";
    private readonly ImageFactoryClient _client;
    private readonly Uri _uri;
    private readonly string _path;
    private readonly PartialFile _partial;
    private long _total;

    private ImageDownload(ImageFactoryClient client, Uri uri, string path, PartialFile partial) =>
        (_client, _uri, _path, _partial) = (client, uri, path, partial);

    /// <summary>Downloads to the end.</summary>
    /// <returns>The partial file, complete.</returns>
    public static async Task<string> RunAsync(
        ImageFactoryClient client,
        Uri uri,
        string path,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var partial = PartialFile.Open(path);
            await using var _ = partial.ConfigureAwait(false);
            try
            {
                await new ImageDownload(client, uri, path, partial).RunAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (TsException e) when (!IsTransient(e))
            {
                // No later run could go on with it.
                partial.Discard();
                throw;
            }

            partial.IsComplete = true;
            return partial.Path;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException)
        {
            throw ImageFactoryErrors.ImageWriteFailed.New($"'{path}' could not be written: {e.Message}", path, e);
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            // An attempt that brought bytes pays back all attempts: only standing still uses them up.
            while (true)
            {
                var before = _partial.Length;
                try
                {
                    await _client.Retry.RunAsync(_uri, AttemptAsync, cancellationToken).ConfigureAwait(false);
                    return;
                }
                catch (TsException e) when (_partial.Length > before && IsTransient(e))
                {
                    _client.Reporter.Verbose($"{e.Message} {_partial.Length} bytes are there; going on.");
                }
            }
        }
        finally
        {
            _client.Reporter.Progress(new ProgressStep(Activity, Path.GetFileName(_path), "done", Completed: true));
        }
    }

    private static bool IsTransient(TsException e) =>
        e.Error == ImageFactoryErrors.FactoryUnreachable
        || e.Error == ImageFactoryErrors.FactoryTimeout
        || e.Error == ImageFactoryErrors.FactoryUnavailable;

    private async Task<bool> AttemptAsync(CancellationToken cancellationToken)
    {
        using var request = Request(out var offset);
        _client.Reporter.Verbose(
            offset == 0 ? $"GET {_uri}" : string.Create(CultureInfo.InvariantCulture, $"GET {_uri} from byte {offset}")
        );
        using var response = await WaitForHeadersAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            // Either all is there, which the next line finds out, or the file has changed.
            if (response.Content.Headers.ContentRange?.Length == offset && offset > 0)
                return true;
            _partial.Discard();
            throw new FactoryTransientException(
                $"'{_uri}' has changed since the transfer began",
                null,
                ImageFactoryErrors.FactoryProtocolViolation
            );
        }

        await FactoryFailure.ThrowIfFailedAsync(response, _uri, cancellationToken).ConfigureAwait(false);
        Accept(response, ref offset);
        await CopyAsync(response, offset, cancellationToken).ConfigureAwait(false);
        return true;
    }

    private HttpRequestMessage Request(out long offset)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, _uri);
        // Lengths, ranges and what is verified are of the image itself, not of a packed form of it.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        offset = 0;
        if (_partial.Validator(_uri) is not { } validator)
            return request;
        offset = _partial.Length;
        request.Headers.Range = new RangeHeaderValue(offset, null);
        request.Headers.TryAddWithoutValidation("If-Range", validator);
        return request;
    }

    // The first request for an image builds it: no byte comes for minutes. Progress says so.
    private async Task<HttpResponseMessage> WaitForHeadersAsync(
        HttpRequestMessage request,
        CancellationToken cancellationToken
    )
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(_client.Options.BuildTimeout);
        var send = _client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline.Token);
        var started = Environment.TickCount64;
        while (await Task.WhenAny(send, Task.Delay(500, deadline.Token)).ConfigureAwait(false) != send)
        {
            if (deadline.IsCancellationRequested)
                break;
            _client.Reporter.Progress(
                new ProgressStep(
                    Activity,
                    Path.GetFileName(_path),
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"waiting for the factory to build it ({(Environment.TickCount64 - started) / 1000} s)"
                    )
                )
            );
        }

        return await send.ConfigureAwait(false);
    }

    private void Accept(HttpResponseMessage response, ref long offset)
    {
        var headers = response.Content.Headers;
        if (
            headers.ContentEncoding.FirstOrDefault(e => !e.Equals("identity", StringComparison.OrdinalIgnoreCase)) is
            { } e
        )
            throw Violation($"answered with the Content-Encoding '{e}'; the image as it is was asked for");
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            if (headers.ContentRange is not { HasRange: true } range || range.From != offset)
            {
                _partial.Discard();
                throw new FactoryTransientException(
                    $"'{_uri}' answered the range '{headers.ContentRange}', not one from byte {offset}",
                    null,
                    ImageFactoryErrors.FactoryProtocolViolation
                );
            }

            _total = range.Length ?? 0;
            CheckSize(_total);
            return;
        }

        if (response.StatusCode != HttpStatusCode.OK || headers.ContentLength == 0)
            throw Violation($"answered {(int)response.StatusCode} without content; an image was expected");
        // 200: the server does not do ranges, or the image is another one by now.
        offset = 0;
        _total = headers.ContentLength ?? 0;
        CheckSize(_total);
        var validator = response.Headers.ETag is { IsWeak: false } etag
            ? etag.Tag
            : headers.LastModified?.ToString("R", CultureInfo.InvariantCulture);
        _partial.Restart(_uri, validator);
    }

    private async Task CopyAsync(HttpResponseMessage response, long offset, CancellationToken cancellationToken)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var body = await response.Content.ReadAsStreamAsync(idle.Token).ConfigureAwait(false);
        await using var _ = body.ConfigureAwait(false);
        var buffer = new byte[128 * 1024];
        var (done, reported) = (offset, 0L);
        while (true)
        {
            idle.CancelAfter(_client.Options.IdleTimeout);
            var read = await ReadAsync(body, buffer, idle.Token).ConfigureAwait(false);
            if (read == 0)
                break;
            done += read;
            CheckSize(done);
            await _partial.AppendAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            if (Environment.TickCount64 - reported < 200)
                continue;
            reported = Environment.TickCount64;
            _client.Reporter.Progress(
                new ProgressStep(Activity, Path.GetFileName(_path), "receiving", done, _total > 0 ? _total : null)
            );
        }

        if (_total > 0 && done != _total)
            throw new FactoryTransientException(
                $"'{_uri}' sent {done} bytes of {_total}",
                null,
                ImageFactoryErrors.FactoryUnreachable
            );
        if (done == 0)
            throw Violation("sent no byte; an image was expected");
    }

    private void CheckSize(long size)
    {
        if (size > _client.Options.MaximumImage)
            throw Violation(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"sends {size} bytes or more; an image has {_client.Options.MaximumImage} at most"
                )
            );
    }

    private TsException Violation(string what) =>
        ImageFactoryErrors.FactoryProtocolViolation.New($"'{_uri}' {what}.", _uri);

    // Told apart from errors of the disk, which are IOException as well.
    private async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new FactoryTransientException(
                $"'{_uri}' broke off: {e.Message.TrimEnd('.')}",
                null,
                ImageFactoryErrors.FactoryUnreachable,
                e
            );
        }
    }
}
